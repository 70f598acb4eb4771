package config

import (
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
)

// WriteTOML writes settings in the form of purity.toml. Elements of lists stand on a
// line each with a comment, where there is one to it, which must be one line.
func (s Settings) WriteTOML(w io.Writer, comment func(key, element string) string) error {
	values := reflect.ValueOf(s)
	for i := range values.NumField() {
		key := values.Type().Field(i).Tag.Get("toml")
		if values.Field(i).IsZero() {
			continue
		}
		if key == "env.set" {
			for _, v := range s.Set {
				name, value, _ := strings.Cut(v, "=")
				if _, err := fmt.Fprintf(w, "%s.%s = %s\n", key, Quote(name), Quote(value)); err != nil {
					return fmt.Errorf("write settings: %w", err)
				}
			}
			continue
		}
		text, err := written(values.Field(i).Interface(), func(element string) string { return comment(key, element) })
		if err != nil {
			return fmt.Errorf("write %s: %w", key, err)
		}
		if _, err := fmt.Fprintf(w, "%s = %s\n", key, text); err != nil {
			return fmt.Errorf("write settings: %w", err)
		}
	}
	return nil
}

// written is the text of a value of Settings.
func written(value any, comment func(string) string) (string, error) {
	switch v := value.(type) {
	case string:
		return Quote(v), nil
	case View:
		if v == "auto" {
			return Quote(string(v)), nil
		}
		return string(v), nil
	case *bool:
		return strconv.FormatBool(*v), nil
	case *int:
		return strconv.Itoa(*v), nil
	case *Network:
		return v.written(), nil
	case Sockets:
		if v.None() {
			return Quote("none"), nil
		}
		return list(v, comment), nil
	case []string:
		return list(v, comment), nil
	}
	return "", fmt.Errorf("no form for a %T", value) // a new kind of setting; a test finds it
}

func list(elements []string, comment func(string) string) string {
	var b strings.Builder
	b.WriteString("[\n")
	for _, element := range elements {
		b.WriteString("  " + Quote(element) + ",")
		if text := comment(element); text != "" {
			b.WriteString("  # " + text)
		}
		b.WriteByte('\n')
	}
	b.WriteByte(']')
	return b.String()
}

func (n Network) written() string {
	ports := func(list []uint16) string { return strings.ReplaceAll(fmt.Sprint(list), " ", ", ") }
	var parts []string
	switch {
	case n.Any:
		return "true"
	case len(n.Connect) == 0 && len(n.Bind) == 0 && !n.UDP:
		return "false"
	}
	if len(n.Connect) > 0 {
		parts = append(parts, "connect = "+ports(n.Connect))
	}
	if len(n.Bind) > 0 {
		parts = append(parts, "bind = "+ports(n.Bind))
	}
	if n.UDP {
		parts = append(parts, "udp = true")
	}
	return "{ " + strings.Join(parts, ", ") + " }"
}

package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/nix-purity/purity/cmd/purity/screen"
)

// github writes annotations as GitHub's runners read them from the log
// (workflow commands).
func (r Report) github(out io.Writer) error {
	data := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	for _, f := range r.Findings {
		file, line := f.location(r)
		place := "file=" + property.Replace(screen.Printable(file))
		if line > 0 {
			place += fmt.Sprintf(",line=%d", line)
		}
		message := strings.Join(f.sentences(), "\n")
		title := property.Replace("Impure: " + screen.Printable(f.Subject()))
		if _, err := fmt.Fprintf(out, "::error %s,title=%s::%s\n", place, title, data.Replace(message)); err != nil {
			return err
		}
	}
	if text := r.Doubt(); text != "" {
		if _, err := fmt.Fprintf(out, "::warning title=purity::%s\n", data.Replace(text)); err != nil {
			return err
		}
	}
	return nil
}

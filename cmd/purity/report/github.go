package report

import (
	"fmt"
	"io"
	"strings"
)

// github writes annotations as GitHub's runners read them from the log
// (workflow commands).
func (r Report) github(out io.Writer) error {
	data := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	for _, f := range r.Findings {
		file, line := f.location(r.Project)
		place := "file=" + property.Replace(file)
		if line > 0 {
			place += fmt.Sprintf(",line=%d", line)
		}
		message := f.Subject() + " " + f.circumstances() + "\n" + f.Why
		if f.Hint != "" {
			message += "\n" + f.Hint
		}
		if _, err := fmt.Fprintf(out, "::error %s,title=%s::%s\n", place, property.Replace("Impure: "+f.Subject()), data.Replace(message)); err != nil {
			return err
		}
	}
	return nil
}

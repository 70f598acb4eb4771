package screen

import (
	"encoding/json"
	"io"
)

// PrintJSON prints a value for people and machines.
func PrintJSON(out io.Writer, value any) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

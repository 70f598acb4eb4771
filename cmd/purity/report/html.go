package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"path"

	"github.com/nix-purity/purity/cmd/purity/screen"
	"github.com/nix-purity/purity/enforce/overlay"
)

//go:embed page.html
var page string

// tile is a store path in the treemap: percentages of the whole.
type tile struct {
	Name, Path, Size string
	Used             bool
	X, Y, W, H       float64
}

// html writes a page that needs nothing else: findings, paths
// excepted or never used, and the closure as a treemap.
func (r Report) html(out io.Writer) error {
	page, err := template.New("report").Funcs(template.FuncMap{"show": screen.Printable, "size": screen.Size, "outcome": outcome}).Parse(page)
	if err != nil {
		return fmt.Errorf("write report: %w", err) // the page is our own
	}
	var total int64
	for _, p := range r.Paths {
		total += p.Size
	}
	return page.Execute(out, struct {
		Report
		Doubt          string
		Tiles          []tile
		Total          string
		Rows, Excepted []row
	}{r, r.Doubt(), treemap(r.Paths), screen.Size(total), rows(r.Findings), rows(r.Excepted)})
}

// row is a finding as the page shows it.
type row struct{ Kind, Subject, Real, Others, Circumstances, Why, Hint string }

func rows(all []Finding) []row {
	out := make([]row, len(all))
	for i, f := range all {
		out[i] = row{Kind: f.Kind, Subject: f.Subject(), Others: f.others(), Circumstances: f.circumstances(), Why: f.Why, Hint: f.Hint}
		if f.Real != f.Path {
			out[i].Real = f.Real
		}
	}
	return out
}

// outcome is what became of the changes in an overlay, in words.
func outcome(r overlay.Result) string {
	switch {
	case len(r.Changes) == 0:
		return "nothing"
	case r.Into == "":
		return overlay.Counts(r.Changes) + "; dropped"
	}
	return fmt.Sprintf("%s; %d kept in %s", overlay.Counts(r.Changes), r.Kept, screen.Printable(r.Into))
}

// treemap lays paths out by size, the largest first: the rest is always cut
// along its longer side, in halves of about the same weight.
func treemap(paths []Path) []tile {
	var tiles []tile
	var lay func(paths []Path, x, y, w, h float64)
	lay = func(paths []Path, x, y, w, h float64) {
		switch len(paths) {
		case 0:
			return
		case 1:
			name := path.Base(paths[0].Path)
			if len(name) > 33 {
				name = name[33:]
			}
			tiles = append(tiles, tile{name, paths[0].Path, screen.Size(paths[0].Size), paths[0].Used, x, y, w, h})
			return
		}
		var whole, part float64
		for _, p := range paths {
			whole += float64(max(p.Size, 1))
		}
		cut := 0
		for cut < len(paths)-1 && (cut == 0 || part+float64(max(paths[cut].Size, 1)) <= whole/2) {
			part += float64(max(paths[cut].Size, 1))
			cut++
		}
		share := part / whole
		if w >= h {
			lay(paths[:cut], x, y, w*share, h)
			lay(paths[cut:], x+w*share, y, w*(1-share), h)
		} else {
			lay(paths[:cut], x, y, w, h*share)
			lay(paths[cut:], x, y+h*share, w, h*(1-share))
		}
	}
	lay(paths, 0, 0, 100, 100)
	return tiles
}

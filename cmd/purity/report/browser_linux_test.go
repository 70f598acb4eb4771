package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/nix-purity/purity/fixtures"
)

// measure writes the browser's measures of the page into the page itself.
const measure = `<script>
addEventListener("load", () => {
  const box = e => { const r = e.getBoundingClientRect(); return {X: r.x, Y: r.y, W: r.width, H: r.height, Text: e.textContent, Color: getComputedStyle(e).backgroundColor} };
  const all = s => Array.from(document.querySelectorAll(s), box);
  const pre = document.createElement("pre");
  pre.id = "measured";
  pre.textContent = JSON.stringify({
    Heading: document.querySelector("h1").textContent,
    Overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    Requests: performance.getEntriesByType("resource").length,
    Rows: all("#findings tr"), Excepted: all("#excepted tr"), Unused: all("#unused tr"), Map: all("#closure"), Tiles: all("#closure div"),
  });
  document.body.append(pre);
});
</script>`

type box struct {
	X, Y, W, H  float64
	Text, Color string
}

type measured struct {
	Heading                string
	Overflow               float64
	Requests               int
	Rows, Excepted, Unused []box
	Map, Tiles             []box
}

// The page is looked at in a browser, on a screen and on a telephone: it asks
// for nothing, nothing sticks out, and the treemap is one: tiles side by side
// whose areas are the sizes of the store paths.
func TestSlowBrowser(t *testing.T) {
	for _, name := range []string{"impure", "pure", "odd"} {
		r := recorded(t, name+".json")
		for _, width := range []int{400, 1200} {
			m := look(t, r, width)
			if m.Overflow > 0 || m.Requests != 0 || m.Heading == "" {
				t.Errorf("%s at %d: %+v", name, width, m)
			}
			if len(m.Tiles) != len(r.Paths) {
				t.Errorf("%s: %d tiles for %d paths", name, len(m.Tiles), len(r.Paths))
			}
			for _, table := range []struct {
				rows []box
				of   int
			}{{m.Rows, len(r.Findings)}, {m.Excepted, len(r.Excepted)}, {m.Unused, len(r.Unused)}} {
				if table.of > 0 && len(table.rows) != table.of+1 || table.of == 0 && len(table.rows) > 0 {
					t.Errorf("%s: %d rows for %d", name, len(table.rows), table.of)
				}
			}
			for _, row := range slices.Concat(m.Rows, m.Excepted, m.Unused) {
				if row.H < 10 || row.W < 100 {
					t.Errorf("%s at %d: cannot be read: %+v", name, width, row)
				}
			}
			if len(m.Tiles) > 0 {
				checkTiles(t, r, m)
			}
		}
	}
}

func checkTiles(t *testing.T, r Report, m measured) {
	t.Helper()
	var total float64
	colors := map[bool]string{}
	for _, p := range r.Paths {
		total += float64(p.Size)
	}
	whole := m.Map[0]
	for i, tile := range m.Tiles {
		p := r.Paths[i]
		if got, want := tile.W*tile.H/(whole.W*whole.H), float64(p.Size)/total; math.Abs(got-want) > 0.005 {
			t.Errorf("%s has %.3f of the area and %.3f of the size", tile.Text, got, want)
		}
		if known, ok := colors[p.Used]; ok && known != tile.Color {
			t.Errorf("%s is %s, others that are used alike %s", tile.Text, tile.Color, known)
		}
		colors[p.Used] = tile.Color
		for _, other := range append(m.Tiles[i+1:], box{X: whole.X - 1, Y: whole.Y, W: 1, H: whole.H}) {
			w := min(tile.X+tile.W, other.X+other.W) - max(tile.X, other.X)
			h := min(tile.Y+tile.H, other.Y+other.H) - max(tile.Y, other.Y)
			if w > 0.5 && h > 0.5 {
				t.Errorf("%s lies on %s", tile.Text, other.Text)
			}
		}
	}
	if colors[true] == colors[false] {
		t.Error("what is used looks like what is not")
	}
}

// look opens a report in Chromium.
func look(t *testing.T, r Report, width int) (m measured) {
	t.Helper()
	dir := t.TempDir()
	var page bytes.Buffer
	if err := r.Write(&page, "html"); err != nil {
		t.Fatal(err)
	}
	page.WriteString(measure)
	at := filepath.Join(fixtures.Dir(), "browser")
	libraries := filepath.Join(at, "usr/lib/x86_64-linux-gnu")
	for file, text := range map[string]string{
		"page.html":  page.String(),
		"fonts.conf": fmt.Sprintf("<fontconfig><dir>%s/usr/share/fonts</dir><cachedir>%s/fonts</cachedir></fontconfig>", at, dir),
	} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(filepath.Join(at, "usr/lib/chromium/chromium"), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--user-data-dir="+dir+"/data",
		fmt.Sprintf("--window-size=%d,900", width), "--dump-dom", "file://"+dir+"/page.html")
	cmd.Env = []string{"HOME=" + dir, "FONTCONFIG_FILE=" + dir + "/fonts.conf", "PATH=/usr/bin:/bin",
		"LD_LIBRARY_PATH=" + libraries + ":" + filepath.Join(at, "lib/x86_64-linux-gnu") + ":" + libraries + "/pulseaudio:" + libraries + "/blas:" + libraries + "/lapack"}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	found := regexp.MustCompile(`(?s)<pre id="measured">(.*?)</pre>`).FindSubmatch(out)
	if err != nil || found == nil {
		t.Fatalf("look at the page: %v\n%s\n%s", err, out, stderr.String())
	}
	if err := json.Unmarshal([]byte(html.UnescapeString(string(found[1]))), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

package observe

import (
	"path/filepath"
	"sync"
)

// most is how many denials are told apart; those beyond count for their
// directories.
const most = 10000

// collection is denials, each once.
type collection struct {
	// Apart tells the denials of programs apart for each of them, which are then
	// looked up at every denial. It is set before anybody is watched.
	Apart bool

	mutex sync.Mutex
	known map[string]*Denial
	order []*Denial
}

func newCollection() collection { return collection{known: map[string]*Denial{}} }

func (c *collection) key(d Denial) string {
	key := d.Access + "\x00" + d.Real + "\x00" + d.Address + "\x00" + d.Protocol + "\x00" + d.Refused
	if c.Apart {
		key += "\x00" + d.By.Program
	}
	return key
}

// by is a denial with who did it, which is found out for the first one only.
func (c *collection) by(pid uint32, d Denial) Denial {
	if c.Apart {
		d.By.Program = program(pid)
	}
	c.mutex.Lock()
	known := c.known[c.key(d)] != nil
	if !known && len(c.order) >= most && d.Path != "" {
		d.Path, d.Real, d.Kind = filepath.Dir(d.Path), filepath.Dir(d.Real), "directory"
		known = c.known[c.key(d)] != nil
	}
	c.mutex.Unlock()
	if !known {
		d.By = process(pid, d)
	}
	return d
}

// add counts a denial, or notes a new one.
func (c *collection) add(d Denial) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	key := c.key(d)
	if known, ok := c.known[key]; ok {
		known.Count++
		return
	}
	d.Count = 1
	c.known[key] = &d
	c.order = append(c.order, &d)
}

// Denials are those so far, programs first.
func (c *collection) Denials() []Denial {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	all := make([]Denial, len(c.order))
	for i, d := range c.order {
		all[i] = *d
	}
	return sorted(fold(all))
}

// fold leaves out denials of programs that are outside themselves, and
// counts them with those.
func fold(all []Denial) []Denial {
	outside := map[string]int{}
	var causes []Denial
	for _, d := range all {
		if d.Access == "execute" {
			if _, ok := outside[d.Real]; !ok { // else another program was refused it, too
				outside[d.Real] = len(causes)
			}
			causes = append(causes, d)
		}
	}
	for _, d := range all {
		if d.Access == "execute" {
			continue
		}
		if _, ok := outside[d.Real]; ok { // a shell looks into files that it cannot execute
			continue
		}
		if i, ok := outside[d.By.Program]; ok {
			causes[i].Follow++
			causes[i].Followers = append(causes[i].Followers, d)
			continue
		}
		causes = append(causes, d)
	}
	return causes
}

package config

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/nix-purity/purity/enforce"
)

// Every key that takes paths is in the table, and settings have them where it says.
func TestPathKeys(t *testing.T) {
	var settings Settings
	for _, key := range PathKeys {
		key.Add(&settings, "/"+key.Key)
	}
	for field := range reflect.TypeFor[Settings]().Fields() {
		name := field.Tag.Get("toml")
		i := slices.IndexFunc(PathKeys, func(k PathKey) bool { return k.Key == name })
		if takes := strings.HasPrefix(field.Tag.Get("placeholder"), "PATH"); takes != (i >= 0) {
			t.Errorf("%s takes paths: %v; it is in the table: %v", name, takes, i >= 0)
		}
		if i >= 0 && !slices.Equal(PathKeys[i].In(settings), []string{"/" + name}) {
			t.Errorf("%s: %v", name, PathKeys[i].In(settings))
		}
	}
	sockets, _ := KeyOf("connect")
	if got := sockets.In(Settings{Sockets: Sockets{"none"}}); got != nil {
		t.Errorf("sockets none are %v", got)
	}
	for word, want := range map[string]enforce.Access{"read": enforce.Read, "write": enforce.Read | enforce.Write, "execute": enforce.Read | enforce.Execute, "connect": enforce.Connect, "listen": 0, "": enforce.All} {
		if got := (Exception{Access: word}).Grants(); got != want {
			t.Errorf("an exception for %q lets %v be done, want %v", word, got, want)
		}
	}
}

// An exception for an address has a port that there is, or a pattern for ports.
func TestExceptionPorts(t *testing.T) {
	for path, want := range map[string]string{
		"*:443": "", "*:65535": "", "*:*": "", "@name": "", "*:70000": "from 1 to 65535", "*:0": "from 1 to 65535", "127.0.0.1:": "from 1 to 65535",
	} {
		_, err := Parse("purity.toml", []byte("[[exception]]\naccess = 'connect'\nreason = 'x'\npath = '"+path+"'"))
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

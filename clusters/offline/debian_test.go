package offline

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheMirrorIsThatOfTheMachine(t *testing.T) {
	for name, c := range map[string]struct{ sources, mirror string }{
		"new form":       {"Types: deb\nURIs: http://mirror.example/debian/\nSuites: bookworm\n", "http://mirror.example/debian"},
		"old form":       {"# deb http://old.example/debian x\ndeb [signed-by=/k.gpg] http://mirror.example/debian bookworm main\n", "http://mirror.example/debian"},
		"only security":  {"URIs: http://mirror.example/debian-security\n", ""},
		"another vendor": {"deb https://deb.nodesource.com/node_20.x nodistro main\n", ""},
		"from a disc":    {"deb cdrom:[Debian]/ bookworm main\n", ""},
		"nothing":        {"", ""},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.mirror, mirrorIn(c.sources)) })
	}
}

func TestTheMirrorIsFoundInAnyOfAptsFiles(t *testing.T) {
	w := newWorkshop(t)
	_, err := w.mirror()
	require.ErrorContains(t, err, "sources.list")
	writeFile(t, w.Host.Path("/etc/apt/sources.list"), "deb http://mirror.example/debian bookworm main")
	mirror, err := w.mirror()
	require.NoError(t, err)
	require.Equal(t, "http://mirror.example/debian", mirror)
	writeFile(t, w.Host.Path("/etc/apt/sources.list.d/debian.sources"), "URIs: http://nearer.example/debian")
	mirror, err = w.mirror()
	require.NoError(t, err)
	require.Equal(t, "http://nearer.example/debian", mirror)
}

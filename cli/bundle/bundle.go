package bundle

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Window is the time that a bundle is about.
type Window struct{ From, To time.Time }

// Bundle is an archive that is being written, a tar file compressed by gzip. Each file is
// written when it is added: no more than one is held in memory.
type Bundle struct {
	window  Window
	secrets []string
	about   string
	now     time.Time
	packed  *gzip.Writer
	archive *tar.Writer
	index   []entry
	missing []string
	err     error // the first one of writing
}

// entry is a file in the README.
type entry struct{ name, about string }

const (
	// hidden stands in the place of a secret.
	hidden = "[secret left out]"
	// shortestSecret is the shortest text that is looked for: a shorter one would be
	// found in words.
	shortestSecret = 4
)

// New begins an archive. about is a sentence on what it is for, now the time at which it is
// taken. secrets are left out of every file.
func New(out io.Writer, about string, window Window, now time.Time, secrets ...string) *Bundle {
	packed := gzip.NewWriter(out)
	b := &Bundle{window: window, about: about, now: now, packed: packed, archive: tar.NewWriter(packed)}
	for _, s := range secrets {
		if len(s) >= shortestSecret && !slices.Contains(b.secrets, s) {
			b.secrets = append(b.secrets, s)
		}
	}
	// The longest first: one may be a part of another.
	slices.SortFunc(b.secrets, func(x, y string) int { return len(y) - len(x) })
	return b
}

// Add adds a file. about says in the README what it is.
func (b *Bundle) Add(name, about, text string) {
	b.index = append(b.index, entry{name, about})
	b.write(name, b.without(text))
}

// write writes a file, if all before were.
func (b *Bundle) write(name, text string) {
	if b.err != nil {
		return
	}
	err := b.archive.WriteHeader(&tar.Header{Name: "memgraph-logs/" + name, Mode: 0o600, Size: int64(len(text)), ModTime: b.now, Format: tar.FormatPAX})
	if err == nil {
		_, err = io.WriteString(b.archive, text)
	}
	if err != nil {
		b.err = fmt.Errorf("%s: %w", name, err)
	}
}

// without leaves out the secrets.
func (b *Bundle) without(text string) string {
	for _, s := range b.secrets {
		text = strings.ReplaceAll(text, s, hidden)
	}
	return text
}

// AddJSON adds a value as a file.
func (b *Bundle) AddJSON(name, about string, value any) {
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		b.Miss(name, err)
		return
	}
	b.Add(name, about, string(text)+"\n")
}

// Miss notes what could not be had.
func (b *Bundle) Miss(what string, err error) {
	b.missing = append(b.missing, fmt.Sprintf("%s: %v", what, err))
}

// Missing lists what could not be had.
func (b *Bundle) Missing() []string { return b.missing }

// Close ends the archive with the README, or says why a file could not be written.
func (b *Bundle) Close() error {
	b.write("README.md", b.readme())
	if b.err != nil {
		return b.err
	}
	if err := b.archive.Close(); err != nil {
		return err
	}
	return b.packed.Close()
}

// readme says what is what.
func (b *Bundle) readme() string {
	var text strings.Builder
	stamp := func(t time.Time) string { return t.UTC().Format(time.RFC3339) }
	fmt.Fprintf(&text, "# Logs of a memgraph-controller release\n\n%s\n\nTaken at %s. Logs and events are those from %s to %s (UTC).\n",
		b.about, stamp(b.now), stamp(b.window.From), stamp(b.window.To))
	fmt.Fprint(&text, "No Secret was read into a file, and the release's token and password, as far as they could be read, are left out "+
		"wherever they stood. Names of pods, nodes and users, and addresses, are in it: look before you pass it on.\n")
	fmt.Fprint(&text, "\n| file | what it is |\n|---|---|\n")
	for _, f := range b.index {
		fmt.Fprintf(&text, "| %s | %s |\n", f.name, f.about)
	}
	if len(b.missing) > 0 {
		fmt.Fprint(&text, "\nWhat could not be had:\n\n")
		for _, m := range b.missing {
			fmt.Fprintf(&text, "- %s\n", strings.ReplaceAll(m, "\n", " "))
		}
	}
	return b.without(text.String())
}

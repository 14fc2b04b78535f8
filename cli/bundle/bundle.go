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

// Bundle collects files.
type Bundle struct {
	window  Window
	secrets []string
	about   string
	files   []file
	missing []string
}

type file struct{ name, about, text string }

const (
	// hidden stands in the place of a secret.
	hidden = "[secret left out]"
	// shortestSecret is the shortest text that is looked for: a shorter one would be
	// found in words.
	shortestSecret = 4
)

// New returns an empty bundle. about is a sentence on what it is for. secrets are left
// out of every file.
func New(about string, window Window, secrets ...string) *Bundle {
	b := &Bundle{window: window, about: about}
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
	b.files = append(b.files, file{name, about, b.without(text)})
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

// Write writes the archive, a tar file compressed by gzip.
func (b *Bundle) Write(out io.Writer, now time.Time) error {
	packed := gzip.NewWriter(out)
	archive := tar.NewWriter(packed)
	all := append([]file{{"README.md", "", b.readme(now)}}, b.files...)
	for _, f := range all {
		header := &tar.Header{Name: "memgraph-logs/" + f.name, Mode: 0o600, Size: int64(len(f.text)), ModTime: now, Format: tar.FormatPAX}
		if err := archive.WriteHeader(header); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		if _, err := io.WriteString(archive, f.text); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
	}
	if err := archive.Close(); err != nil {
		return err
	}
	return packed.Close()
}

// readme says what is what.
func (b *Bundle) readme(now time.Time) string {
	var text strings.Builder
	stamp := func(t time.Time) string { return t.UTC().Format(time.RFC3339) }
	fmt.Fprintf(&text, "# Logs of a memgraph-controller release\n\n%s\n\nTaken at %s. Logs and events are those from %s to %s (UTC).\n",
		b.about, stamp(now), stamp(b.window.From), stamp(b.window.To))
	fmt.Fprint(&text, "No Secret was read into a file, and the release's token and password, as far as they could be read, are left out "+
		"wherever they stood. Names of pods, nodes and users, and addresses, are in it: look before you pass it on.\n")
	fmt.Fprint(&text, "\n| file | what it is |\n|---|---|\n")
	for _, f := range b.files {
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

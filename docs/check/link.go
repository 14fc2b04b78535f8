package check

import (
	"fmt"
	"path"
	"regexp"
	"strings"
	"unicode"

	"github.com/yuin/goldmark/ast"
)

// Link is a link or a picture of a page.
type Link struct {
	// Target is the file that it leads to, relative to the repository's root; Anchor is
	// the part of it. Both are empty for a link to another site.
	Target, Anchor string
	// Address is as it stands in the page.
	Address string
}

// Links lists the links and pictures of a page.
func (p Page) Links() (links []Link) {
	p.each(func(n ast.Node) {
		switch n := n.(type) {
		case *ast.Link:
			links = append(links, p.link(string(n.Destination)))
		case *ast.Image:
			links = append(links, p.link(string(n.Destination)))
		case *ast.AutoLink:
			links = append(links, p.link(string(n.URL(p.source))))
		}
	})
	return links
}

// remote begins with the name of a scheme.
var remote = regexp.MustCompile(`^[a-z][a-z0-9+.-]*:`)

func (p Page) link(address string) Link {
	link := Link{Address: address}
	if remote.MatchString(address) {
		return link
	}
	file, anchor, _ := strings.Cut(address, "#")
	link.Target, link.Anchor = p.Path, anchor
	if file != "" {
		link.Target = path.Join(path.Dir(p.Path), file)
	}
	return link
}

// Anchors are the names by which the parts of a page are linked to, as GitHub makes them of
// headings.
func (p Page) Anchors() map[string]bool {
	anchors := map[string]bool{}
	p.each(func(n ast.Node) {
		if heading, ok := n.(*ast.Heading); ok {
			name := anchor(p.plain(heading))
			for n, first := 1, name; anchors[name]; n++ {
				name = fmt.Sprintf("%s-%d", first, n)
			}
			anchors[name] = true
		}
	})
	return anchors
}

// anchor keeps letters, digits, - and _, and makes a - of each space.
func anchor(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_':
			return unicode.ToLower(r)
		case r == ' ':
			return '-'
		}
		return -1
	}, heading)
}

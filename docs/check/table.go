package check

import (
	"github.com/yuin/goldmark/ast"
	table "github.com/yuin/goldmark/extension/ast"
)

// Table is a table of a page, without its markup.
type Table struct {
	Head []string
	Rows []Row
}

// Row is one row of a table.
type Row struct {
	Cells []string
	// Code is what stands in each cell as code.
	Code [][]string
}

// Tables lists the tables of a page.
func (p Page) Tables() (tables []Table) {
	p.each(func(n ast.Node) {
		switch n := n.(type) {
		case *table.Table:
			tables = append(tables, Table{})
		case *table.TableHeader:
			tables[len(tables)-1].Head = p.row(n).Cells
		case *table.TableRow:
			last := &tables[len(tables)-1]
			last.Rows = append(last.Rows, p.row(n))
		}
	})
	return tables
}

func (p Page) row(n ast.Node) (row Row) {
	for cell := n.FirstChild(); cell != nil; cell = cell.NextSibling() {
		row.Cells = append(row.Cells, p.plain(cell))
		var code []string
		_ = ast.Walk(cell, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
			if span, ok := n.(*ast.CodeSpan); ok && entering {
				code = append(code, p.plain(span))
			}
			return ast.WalkContinue, nil
		})
		row.Code = append(row.Code, code)
	}
	return row
}

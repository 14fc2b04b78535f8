package main

import (
	"path/filepath"
	"slices"
)

// equivalent is a change that makes no difference to anybody: no test can or
// should notice it.
type equivalent struct {
	file, code    string // the line, without its indentation
	before, after string
	why           string
}

// equivalents are few, because an operator that makes many is a bad one. A test
// requires that each still stands for exactly one mutant.
func equivalents() []equivalent {
	const order = "the weights only have to be in this order"
	return []equivalent{
		{"settle.go", "score := 1", "1", "2", order},
		{"settle.go", "score += 4", "4", "5", order},
		{"settle.go", "score += 2", "2", "3", order},
	}
}

func (e equivalent) is(m mutant) bool {
	return filepath.Base(m.source.path) == e.file && m.code() == e.code && m.before == e.before && m.after == e.after
}

// different leaves the equivalents out.
func different(all []mutant) []mutant {
	return slices.DeleteFunc(slices.Clone(all), func(m mutant) bool {
		return slices.ContainsFunc(equivalents(), func(e equivalent) bool { return e.is(m) })
	})
}

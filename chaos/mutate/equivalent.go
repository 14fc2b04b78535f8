package main

import (
	"path/filepath"
	"slices"
)

// equivalent is a change that makes no difference to anybody: no test can or
// should notice it.
type equivalent struct {
	file, before, after string
	why                 string
}

// equivalents are few, because an operator that makes many is a bad one. A test
// requires that each still stands for exactly one mutant.
func equivalents() []equivalent {
	return []equivalent{}
}

func (e equivalent) is(m mutant) bool {
	return filepath.Base(m.source.path) == e.file && m.before == e.before && m.after == e.after
}

// different leaves the equivalents out.
func different(all []mutant) []mutant {
	return slices.DeleteFunc(slices.Clone(all), func(m mutant) bool {
		return slices.ContainsFunc(equivalents(), func(e equivalent) bool { return e.is(m) })
	})
}

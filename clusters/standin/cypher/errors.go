package cypher

import "fmt"

// SyntaxError is text that is not a statement of the language.
type SyntaxError struct {
	Line, Position int    // of the offending token, from 1, in code points
	Message        string // what was found and what was expected
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("Error on line %d position %d. The underlying parsing error is %s", e.Line, e.Position, e.Message)
}

// SemanticError is a statement that parses but cannot mean anything, such as
// one with an unbound variable. Parse returns it.
type SemanticError struct{ Message string }

func (e *SemanticError) Error() string { return e.Message }

// QueryError is a statement that failed on the data or parameters it met. Like
// the errors of the graph package it ends the transaction: abort it.
type QueryError struct{ Message string }

func (e *QueryError) Error() string { return e.Message }

func semantic(format string, args ...any) error {
	return &SemanticError{fmt.Sprintf(format, args...)}
}

func failed(format string, args ...any) error {
	return &QueryError{fmt.Sprintf(format, args...)}
}

package figures

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Book is a file of pairs, a line of JSON each.
type Book struct {
	Path string
}

// Add keeps one more pair. What earlier runs added stays.
func (b Book) Add(p Pair) error {
	line, err := json.Marshal(p)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(b.Path), 0o755); err != nil {
		return err
	}
	file, err := os.OpenFile(b.Path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = file.Write(append(line, '\n'))
	return errors.Join(err, file.Close())
}

// Pairs returns all that was added.
func (b Book) Pairs() (pairs []Pair, err error) {
	file, err := os.Open(b.Path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	decoder := json.NewDecoder(file)
	decoder.DisallowUnknownFields()
	for {
		var p Pair
		switch err := decoder.Decode(&p); {
		case errors.Is(err, io.EOF):
			return pairs, nil
		case err != nil:
			return nil, fmt.Errorf("%s: pair %d: %w", b.Path, len(pairs)+1, err)
		}
		pairs = append(pairs, p)
	}
}

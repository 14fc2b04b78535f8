package figures

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Book is a file of rounds and the table made of it. The zero value keeps nothing.
type Book struct {
	Dir, Name string
}

// Add keeps one more round. What earlier runs added stays.
func (b Book) Add(r Round) error {
	if b.Dir == "" {
		return nil
	}
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(b.Dir, 0o755); err != nil {
		return err
	}
	file, err := os.OpenFile(b.path(".jsonl"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = file.Write(append(line, '\n'))
	if err := errors.Join(err, file.Close()); err != nil {
		return err
	}
	rounds, err := b.Rounds()
	if err != nil {
		return err
	}
	return os.WriteFile(b.path(".md"), []byte(Report(rounds)), 0o644)
}

// Rounds returns all that was added.
func (b Book) Rounds() (rounds []Round, err error) {
	file, err := os.Open(b.path(".jsonl"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	if rounds, err = Read(file); err != nil {
		return nil, fmt.Errorf("%s: %w", file.Name(), err)
	}
	return rounds, nil
}

// Forget removes what was added.
func (b Book) Forget() error {
	if b.Dir == "" {
		return nil
	}
	var errs []error
	for _, extension := range []string{".jsonl", ".md"} {
		if err := os.Remove(b.path(extension)); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (b Book) path(extension string) string { return filepath.Join(b.Dir, b.Name+extension) }

package local

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// outputLimit is the size in bytes from which a log is set aside at the next
// start of its database. One older log is kept.
const outputLimit = 8 << 20

// logSize is the size from which the next start writes on.
func logSize(path string) int64 {
	info, err := os.Stat(path)
	if err != nil || info.Size() > outputLimit {
		return 0
	}
	return info.Size()
}

// openOutput opens the file for what a database prints.
func openOutput(path string) (*os.File, error) {
	if info, err := os.Stat(path); err == nil && info.Size() > outputLimit {
		if err := os.Rename(path, path+".1"); err != nil {
			return nil, fmt.Errorf("rotate the log: %w", err)
		}
	}
	return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
}

// lastWords returns the last line of a log from offset on, shortened: as a rule
// the reason why a database ended by itself.
func lastWords(path string, offset int64) string {
	const enough = 400
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return ""
	}
	offset = max(offset, info.Size()-enough)
	end, err := io.ReadAll(io.NewSectionReader(file, offset, info.Size()-offset))
	if err != nil {
		return ""
	}
	text := strings.TrimSpace(string(end))
	return text[strings.LastIndexByte(text, '\n')+1:]
}

// Package disk is the little of a file system that the stand-in needs: append
// to a file, replace a file, read it whole, list a folder.
//
// Dir keeps files in a folder of the operating system and holds a lock on it,
// Memory keeps them in memory and can lose what was not yet synced, as a
// machine does that loses its power. Fenced cuts a killed instance off.
//
// Names are slash-separated paths relative to the disk's root. It is no general
// file system: there are no permissions, no folders to make, no partial reads.
package disk

import "io"

// Disk stores files. Its methods may be called concurrently; two writers of one
// file at a time are the caller's mistake.
type Disk interface {
	// Append opens a file for appending and creates it where it is missing.
	Append(name string) (File, error)
	// Read returns the whole file; fs.ErrNotExist where there is none.
	Read(name string) ([]byte, error)
	// Replace puts data in the place of the file at once: after a crash, of
	// process or machine, the old or the new content is there, never a mixture.
	Replace(name string, data []byte) error
	// List returns the names of the files directly in a folder, sorted; none
	// where there is no such folder.
	List(folder string) ([]string, error)
	// Remove deletes a file. One that is not there is no error.
	Remove(name string) error
	// Rename moves a file.
	Rename(from, to string) error
}

// File is a file being appended to. What was written survives the end of the
// process; what was synced survives the end of the machine.
type File interface {
	io.Writer
	Sync() error
	Close() error
}

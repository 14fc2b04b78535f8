//go:build !linux

package local

import "errors"

// launch fails: only Linux ends the databases when this process is killed, and
// without that an orphan would keep its ports and its data directory.
func launch(command) (process, error) {
	return nil, errors.New("instances can be run as processes on Linux only")
}

// Package python holds the Python client of the suites.
package python

import _ "embed"

// Client is the source of the program. It needs Python 3.10 or later and what
// requirements.txt beside it names.
//
//go:embed client.py
var Client []byte

// Command vulnerable is never run: it calls what govulncheck has to find.
package main

import "golang.org/x/text/language"

func main() { _, _ = language.Parse("") }

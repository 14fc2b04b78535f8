// Package page looks at the status page with a real browser, as a person does, while a
// cluster on this machine loses its main. `make page` runs it, and keeps pictures in
// REPORT_DIR/page.
package page

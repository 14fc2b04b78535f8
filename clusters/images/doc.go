// Package images builds the images of this project's programs: one static program
// on an empty file system, run by a user without rights. No Dockerfile, no base
// image and no registry is involved.
//
// The one exception is the suites' client in Python, which needs an interpreter:
// Debian's, or that of an image which Docker pulls.
//
// The tag of an image is made of its content, so that a cluster never runs an old
// program under a tag that it has seen before.
package images

// Package explore tries a small model of a cluster in every order of events.
package explore

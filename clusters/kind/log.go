package kind

import (
	"fmt"
	"strings"

	"sigs.k8s.io/kind/pkg/log"
)

// steps passes kind's messages on, each as a step. kind's own progress display,
// which draws one line over and over, needs a terminal.
type steps struct{ progress progress }

var _ log.Logger = steps{}

func (s steps) Warn(message string)              { s.step("warning: " + message) }
func (s steps) Warnf(format string, args ...any) { s.Warn(fmt.Sprintf(format, args...)) }

func (s steps) Error(message string)              { s.step("error: " + message) }
func (s steps) Errorf(format string, args ...any) { s.Error(fmt.Sprintf(format, args...)) }

// V returns a logger for what a person wants to read, and silence for the rest.
func (s steps) V(level log.Level) log.InfoLogger {
	if level > 0 {
		return log.NoopInfoLogger{}
	}
	return s
}

func (s steps) Enabled() bool                    { return true }
func (s steps) Info(message string)              { s.step(message) }
func (s steps) Infof(format string, args ...any) { s.Info(fmt.Sprintf(format, args...)) }

// step leaves out that a step of kind is done: the next one says as much.
func (s steps) step(message string) {
	message = strings.TrimSpace(message)
	if message != "" && !strings.HasPrefix(message, "✓") {
		s.progress.Step("kind: %s", message)
	}
}

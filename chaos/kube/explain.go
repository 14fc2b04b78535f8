package kube

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"memgraph-controller/chaos/figures"
	"memgraph-controller/e2e/workload"
)

// explain saves what a person needs to understand a round that failed: everything
// that package e2e/kube saves, and story.txt, in which the history of the clients,
// the timelines of the failovers and all logs stand together in the order of time.
func (e *engine) explain(ctx context.Context, c *crew, r figures.Round, from time.Time) error {
	if e.book.Dir == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Minute)
	defer cancel()
	dir := e.folder(r)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	from = from.Add(-2 * time.Second)
	lines, err := e.logs(ctx, from)
	timelines, failed := e.timelines(ctx, from)
	for _, f := range timelines {
		lines = append(lines, entry{f.Started, "failover", fmt.Sprintf("%s begins: %s, %s to %s, %s; %s", f.Kind, f.Reason, f.From, f.To, f.Detail, strings.Join(f.Evidence, "; "))})
		for _, p := range f.Phases {
			lines = append(lines, entry{p.Started, "failover", fmt.Sprintf("%s: phase %s, which takes %s", f.Kind, p.Name, time.Duration(p.Duration))})
		}
		if !f.Finished.IsZero() {
			lines = append(lines, entry{f.Finished, "failover", fmt.Sprintf("%s ends: %s", f.Kind, f.Result)})
		}
	}
	history, unread := c.History()
	lines = append(lines, told(history, from)...)
	lines = append(lines, entry{r.Began, "suite", "injects " + r.Title()}, entry{time.Now(), "suite", "says " + r.Why})
	story := os.WriteFile(filepath.Join(dir, "story.txt"), []byte(inOrder(lines)), 0o644)
	fmt.Fprintf(e.out, "      saved in %s\n", dir)
	return errors.Join(err, failed, unread, story, e.release.Dump(ctx, dir))
}

// entry is one line of a story.
type entry struct {
	at        time.Time
	who, what string
}

// inOrder writes a story down.
func inOrder(lines []entry) string {
	slices.SortStableFunc(lines, func(a, b entry) int { return a.at.Compare(b.at) })
	var b strings.Builder
	for _, l := range lines {
		fmt.Fprintf(&b, "%s  %-36s %s\n", l.at.UTC().Format("15:04:05.000"), l.who, l.what)
	}
	return b.String()
}

// quiet is how long nothing may be acknowledged before the story tells of it.
const quiet = 250 * time.Millisecond

// told is what clients saw since a time: every error, and the times without an
// acknowledged write. The thousands of writes that went well would hide the rest.
func told(h workload.History, from time.Time) (lines []entry) {
	for _, g := range h.Gaps(from, time.Now(), quiet) {
		lines = append(lines,
			entry{g.From, "clients", fmt.Sprintf("the last acknowledged write for %s", g.Duration().Round(time.Millisecond))},
			entry{g.To, "clients", "writes are acknowledged again"})
	}
	for _, w := range h.Writes {
		if w.Err != "" && w.End.After(from) {
			lines = append(lines, entry{w.End, w.Client, fmt.Sprintf("write %d, begun at %s, explicit %v: %s: %s", w.ID, w.Start.UTC().Format("15:04:05.000"), w.Explicit, named(w.Outcome), w.Err)})
		}
	}
	for _, r := range h.Reads {
		if r.Err != "" && r.End.After(from) {
			lines = append(lines, entry{r.End, r.Client, "read: " + r.Err})
		}
	}
	for _, c := range h.Connections {
		if c.Err != "" && c.End.After(from) {
			lines = append(lines, entry{c.End, c.Client, fmt.Sprintf("new client of %s, begun at %s, answered %v: %s", c.Gateway, c.Start.UTC().Format("15:04:05.000"), c.Answered, c.Err)})
		}
	}
	return lines
}

func named(o workload.Outcome) string {
	return map[workload.Outcome]string{workload.Acknowledged: "acknowledged", workload.Unknown: "unknown", workload.Failed: "failed"}[o]
}

// logs returns the lines of all containers of the release since a time, those of
// containers that have ended included.
func (e *engine) logs(ctx context.Context, from time.Time) (lines []entry, err error) {
	pods, err := e.release.Client.CoreV1().Pods(e.release.Namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	since := metav1.NewTime(from)
	for _, p := range pods.Items {
		for _, container := range p.Spec.Containers {
			for _, previous := range []bool{true, false} {
				text, err := e.release.Client.CoreV1().Pods(e.release.Namespace).GetLogs(p.Name, &corev1.PodLogOptions{
					Container: container.Name, Previous: previous, Timestamps: true, SinceTime: &since,
				}).DoRaw(ctx)
				if err != nil {
					continue // there was none before, or it does not run: the dump says so
				}
				lines = append(lines, stamped(p.Name, string(text))...)
			}
		}
	}
	return lines, nil
}

// stamped reads lines that begin with their time.
func stamped(who, text string) (lines []entry) {
	for line := range strings.Lines(text) {
		stamp, what, _ := strings.Cut(strings.TrimRight(line, "\n"), " ")
		if at, err := time.Parse(time.RFC3339Nano, stamp); err == nil {
			lines = append(lines, entry{at, who, what})
		}
	}
	return lines
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"memgraph-controller/controller/quarantine"
)

// QuarantineCommands look after the data that were set aside on one volume. They run
// where the volume is: in the database's pod, whose init container puts this program
// there, or on the machine of a local cluster. So they are none of kubectl's plugin.
type QuarantineCommands struct {
	List   quarantineList   `cmd:"" help:"List the data that were set aside: when, why, how much, and what room is left."`
	Export quarantineExport `cmd:"" help:"Write data that were set aside to standard output, as tar."`
	Drop   quarantineDrop   `cmd:"" help:"Delete data that were set aside, for good."`
}

// volumeFlag says whose data are meant.
type volumeFlag struct {
	Volume string `help:"Where the volume of the database is; of a local cluster DATA-DIR/INSTANCE." default:"/var/lib/memgraph" env:"MEMGRAPH_VOLUME" type:"path"`
}

// folder is where data are set aside. That there is no such volume is not the same as
// that nothing was set aside.
func (f volumeFlag) folder() (quarantine.Folder, error) {
	if _, err := os.Stat(f.Volume); err != nil {
		return "", fmt.Errorf("%w: this runs in a database pod, or with --volume DATA-DIR/INSTANCE for a local cluster", err)
	}
	return quarantine.Folder(filepath.Join(f.Volume, "quarantine")), nil
}

type quarantineList struct {
	volumeFlag
	outputFlag
}

// quarantineReport is the form of a list that a program reads.
type quarantineReport struct {
	Instance string             `json:"instance"`
	Entries  []quarantine.Entry `json:"entries"`
	// Bytes is what the entries hold together; Total and Free are the volume's.
	Bytes int64 `json:"bytes"`
	Total int64 `json:"total"`
	Free  int64 `json:"free"`
}

// Run lists the entries of one volume.
func (c *quarantineList) Run(_ context.Context, terminal *Terminal) error {
	folder, err := c.folder()
	if err != nil {
		return err
	}
	entries, err := folder.List()
	if err != nil {
		return err
	}
	report := quarantineReport{Entries: entries, Bytes: quarantine.Size(entries)}
	if report.Total, report.Free, err = folder.Room(); err != nil {
		return err
	}
	if report.Instance, err = os.Hostname(); err != nil { // the name of the pod
		return err
	}
	if c.forMachines() {
		return c.encode(terminal.Out, report, false)
	}
	report.draw(terminal)
	return nil
}

func (r quarantineReport) draw(terminal *Terminal) {
	c := canvas{width: terminal.width(), colour: terminal.Colour}
	if len(r.Entries) == 0 {
		c.line(span{r.Instance + ": nothing is set aside", plain})
	} else {
		table := grid{right: map[int]bool{1: true, 2: true}, rows: [][]span{{{"SINCE", bold}, {"FILES", bold}, {"SIZE", bold}, {"WHY", bold}, {"NAME", bold}}}}
		for _, e := range r.Entries {
			since := "-"
			if !e.At.IsZero() {
				since = e.At.Format(time.DateTime) + "Z"
			}
			table.rows = append(table.rows, []span{
				{since, plain}, {fmt.Sprint(e.Files), plain}, {bytesText(e.Bytes), plain}, {printable(e.Reason), plain}, {printable(e.Name), plain},
			})
		}
		c.width = 0 // a name that is cut could not be used
		c.grid(table)
	}
	c.line(span{fmt.Sprintf("volume of %s: %s free of %s", r.Instance, bytesText(r.Free), bytesText(r.Total)), faint})
	terminal.printf("%s", c.out.String())
}

// bytesText is a number of bytes for people.
func bytesText(n int64) string {
	const units = "KMGTPE"
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	value, unit := float64(n)/1024, 0
	for ; value >= 1024; unit++ {
		value /= 1024
	}
	return fmt.Sprintf("%.1f %ciB", value, units[unit])
}

type quarantineExport struct {
	volumeFlag
	Name string `arg:"" help:"Its name, as quarantine list shows it."`
}

// Run writes one entry to standard output.
func (c *quarantineExport) Run(_ context.Context, terminal *Terminal) error {
	if terminal.Live {
		return usageError{errors.New("a tar is not for a terminal: redirect it, as in > data.tar")}
	}
	folder, err := c.folder()
	if err != nil {
		return err
	}
	return folder.Export(c.Name, terminal.Out)
}

type quarantineDrop struct {
	volumeFlag
	Name string `arg:"" help:"Its name, as quarantine list shows it."`
	Yes  bool   `help:"Do not ask." short:"y"`
}

// Run deletes one entry, once a person has confirmed it.
func (c *quarantineDrop) Run(_ context.Context, terminal *Terminal) error {
	folder, err := c.folder()
	if err != nil {
		return err
	}
	if !c.Yes {
		if err := terminal.confirm(fmt.Sprintf("Delete %s for good? It may hold writes that nobody else has.", printable(c.Name))); err != nil {
			return err
		}
	}
	if err := folder.Drop(c.Name); err != nil {
		return err
	}
	terminal.printf("%s is deleted\n", printable(c.Name))
	return nil
}

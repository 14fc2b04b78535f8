// Command image builds an image of this project and gives it to the Docker engine,
// as Skaffold asks for it (skaffold.yaml): under the name in $IMAGE, and to its
// registry too where $PUSH_IMAGE is true.
//
//	IMAGE=memgraph-controller/memgraph-controller:dev go run ./charts/cmd/image controller
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"memgraph-controller/clusters/command"
	"memgraph-controller/clusters/images"
)

type runner interface {
	Run(ctx context.Context, c command.Command) (stdout string, err error)
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := provide(ctx, command.Exec{}, os.Args[1:], os.Getenv)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "image:", err)
		os.Exit(1)
	}
}

// provide builds the image of the program that args name. It has to run in the
// folder of this module.
func provide(ctx context.Context, run runner, args []string, getenv func(string) string) error {
	program, err := chosen(args)
	if err != nil {
		return err
	}
	name := getenv("IMAGE")
	if name == "" {
		return errors.New("IMAGE is empty; set it to the name and tag that the image is to have")
	}
	dir, err := os.MkdirTemp("", "image-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	built, err := images.Build(ctx, run, ".", dir, program)
	if err != nil {
		return err
	}
	steps := [][]string{{"load", "--quiet", "--input", built.File}, {"tag", built.Ref, name}}
	if getenv("PUSH_IMAGE") == "true" {
		steps = append(steps, []string{"push", name})
	}
	for _, step := range steps {
		if _, err := run.Run(ctx, command.New("docker", step...)); err != nil {
			return fmt.Errorf("image %s: %w", name, err)
		}
	}
	return nil
}

func chosen(args []string) (images.Program, error) {
	if len(args) == 1 {
		switch args[0] {
		case "controller":
			return images.Controller(), nil
		case "standin":
			return images.StandIn(), nil
		}
	}
	return images.Program{}, fmt.Errorf("%q: name one image to build, controller or standin", args)
}

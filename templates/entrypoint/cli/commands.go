// -commands: the commands of the image.

package cli

import (
	"fmt"
	"io"
	"strings"

	"entrypoint/files"
	"entrypoint/index"
	"entrypoint/run"
)

// commandsFile describes the commands of the image.
const commandsFile = files.MetadataFolder + "/commands.json"

var commandsOf = Command{
	Name: "commands", Takes: "[NAME]", Optional: true, Help: "the commands of the image, or the inputs of one",
	Group: Running, Refuses: all, NoIndex: true,
	Run: func(s *Session) (int, error) {
		document, err := run.Read(commandsFile)
		if err != nil {
			return NoMatch, err
		}
		return Done, printCommands(s.Out, document, s.Flag("commands"))
	},
}

// printCommands prints a line for each command, or the description of the one with a name.
func printCommands(out io.Writer, document *run.Document, name string) error {
	if name != "" {
		command, err := document.Find(name)
		if err == nil {
			err = printCommand(out, name, command)
		}
		return err
	}
	var lines [][2]string
	for _, one := range run.Names(document.Commands) {
		lines = append(lines, [2]string{one, document.Commands[one].Description})
	}
	return printTable(out, "", lines)
}

// printCommand prints how to run a command, and its inputs, parameters, outputs and rules.
func printCommand(out io.Writer, name string, command *run.Command) error {
	usage := []string{"-run", name}
	var inputs, parameters, outputs, rules [][2]string
	for _, key := range run.Names(command.Inputs) {
		one := command.Inputs[key]
		usage = append(usage, optional("-in "+key+"="+strings.ToUpper(one.Type), !one.Required))
		inputs = append(inputs, [2]string{key, described(one.Type, one.Description)})
	}
	for _, key := range run.Names(command.Parameters) {
		one := command.Parameters[key]
		kind := one.Type
		if one.Default != nil {
			kind = fmt.Sprintf("%s, default %v", kind, one.Default)
		}
		usage = append(usage, optional("-param "+key+"=VALUE", one.Default != nil))
		parameters = append(parameters, [2]string{key, described(kind, one.Description)})
	}
	for _, key := range run.Names(command.Outputs) {
		outputs = append(outputs, [2]string{key, described(command.Outputs[key].Path, command.Outputs[key].Description)})
	}
	for _, key := range run.Names(command.Rules) {
		rules = append(rules, [2]string{key, command.Rules[key]})
	}
	fmt.Fprintf(out, "%s\n  %s -out DIR\n", index.Escaped(name+": "+command.Description), index.Escaped(strings.Join(usage, " ")))
	printTable(out, "inputs", inputs)
	printTable(out, "parameters", parameters)
	printTable(out, "outputs", outputs)
	return printTable(out, "rules", rules)
}

func optional(text string, is bool) string {
	if is {
		return "[" + text + "]"
	}
	return text
}

func described(kind, description string) string {
	if description == "" {
		return kind
	}
	return kind + ": " + description
}

// printTable prints pairs in two columns, under a title.
func printTable(out io.Writer, title string, lines [][2]string) error {
	indent, width := "", 0
	if title != "" && len(lines) > 0 {
		indent = "  "
		fmt.Fprintf(out, "%s:\n", title)
	}
	for _, line := range lines {
		width = max(width, len(line[0]))
	}
	for _, line := range lines {
		text := strings.TrimSpace(strings.Join(strings.Fields(line[1]), " "))
		if _, err := fmt.Fprintln(out, index.Escaped(fmt.Sprintf("%s%-*s  %s", indent, width, line[0], text))); err != nil {
			return err
		}
	}
	return nil
}

using Spectre.Console;
using Traffic;

// A log is not wrapped like a narrow terminal.
if (Console.IsOutputRedirected) AnsiConsole.Profile.Width = 140;
return await TrafficCommand.RunAsync(args, AnsiConsole.Console, Console.Error);

using Freshet.Simulation;

return Command.Run(args, Console.Out, Console.Error);

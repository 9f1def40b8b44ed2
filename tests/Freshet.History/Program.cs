using Freshet.History;

return await Command.RunAsync(args, Console.Out, Console.Error);

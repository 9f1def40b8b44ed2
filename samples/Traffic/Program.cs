using Traffic;

return await TrafficCommand.RunAsync(args);

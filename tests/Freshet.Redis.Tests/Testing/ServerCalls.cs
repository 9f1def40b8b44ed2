using System.Globalization;
using Freshet.TestServers;

namespace Freshet.Redis.Tests.Testing;

/// <summary>How often a server was asked for something.</summary>
internal static class ServerCalls
{
    public static async Task<int> CallsAsync(this RedisServer redis, string command)
    {
        var line = (await redis.CliAsync("INFO", "commandstats")).Split('\n').FirstOrDefault(l => l.StartsWith($"cmdstat_{command}:", StringComparison.Ordinal));
        return line is null ? 0 : int.Parse(line.Split("calls=")[1].Split(',')[0], CultureInfo.InvariantCulture);
    }
}

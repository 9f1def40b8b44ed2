using System.Globalization;

namespace Freshet.Benchmarks.Sockets;

/// <summary>
/// How much to measure: <c>--connections N</c> (default 10,000; at least 100), <c>--rounds N</c> of broadcasts (default 21)
/// and <c>--seconds S</c> of a stream of events (default 5).
/// </summary>
internal sealed record SocketOptions(int Connections, int Rounds, double Seconds)
{
    // Beside the sockets, a process has its files, its runtime's and what is just being closed.
    private const int OtherFiles = 500;

    public static SocketOptions Parse(string[] args)
    {
        var options = new SocketOptions(10_000, 21, 5);
        for (var i = 0; i < args.Length; i += 2)
        {
            var value = i + 1 < args.Length ? args[i + 1] : throw new UsageException($"{args[i]} needs a value.");
            options = args[i] switch
            {
                "--connections" => options with { Connections = int.Parse(value, CultureInfo.InvariantCulture) },
                "--rounds" => options with { Rounds = int.Parse(value, CultureInfo.InvariantCulture) },
                "--seconds" => options with { Seconds = double.Parse(value, CultureInfo.InvariantCulture) },
                _ => throw new UsageException($"Unknown option {args[i]}."),
            };
        }

        if (options.Connections < 100)
            throw new UsageException("--connections must be at least 100.");
        if (FilesAllowed() is { } files && files < options.Connections + OtherFiles)
            throw new UsageException(
                $"A process may have {files:N0} files open, which is too few for {options.Connections:N0} sockets: "
                + $"say `ulimit -n {options.Connections + OtherFiles}` first, or --connections {Math.Max(100, files - OtherFiles)}.");
        return options;
    }

    // The runtime raises the soft limit to the hard one by itself; where there is no /proc, the sockets themselves say it.
    private static int? FilesAllowed()
    {
        const string Limits = "/proc/self/limits";
        if (!File.Exists(Limits))
            return null;
        var line = Array.Find(File.ReadAllLines(Limits), l => l.StartsWith("Max open files", StringComparison.Ordinal));
        return int.TryParse(line?.Split(' ', StringSplitOptions.RemoveEmptyEntries)[4], CultureInfo.InvariantCulture, out var hard) ? hard : null;
    }
}

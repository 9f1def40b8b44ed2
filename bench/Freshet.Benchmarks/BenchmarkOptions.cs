using System.Globalization;

namespace Freshet.Benchmarks;

/// <summary>How long to measure: <c>--rounds N</c> (default 7) and <c>--seconds S</c> a contender and round (default 2).</summary>
internal sealed record BenchmarkOptions(int Rounds, double Seconds)
{
    public static BenchmarkOptions Parse(string[] args)
    {
        var options = new BenchmarkOptions(7, 2);
        for (var i = 0; i < args.Length; i += 2)
        {
            var value = i + 1 < args.Length ? args[i + 1] : throw new UsageException($"{args[i]} needs a value.");
            options = args[i] switch
            {
                "--rounds" => options with { Rounds = int.Parse(value, CultureInfo.InvariantCulture) },
                "--seconds" => options with { Seconds = double.Parse(value, CultureInfo.InvariantCulture) },
                _ => throw new UsageException($"Unknown option {args[i]}."),
            };
        }

        return options;
    }
}

/// <summary>The command line makes no sense; the message says why.</summary>
internal sealed class UsageException(string message) : Exception(message);

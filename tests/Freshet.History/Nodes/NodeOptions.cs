using System.Globalization;

namespace Freshet.History.Nodes;

/// <summary>What the process of a node is told.</summary>
internal sealed record NodeOptions
{
    public required string Redis { get; init; }

    public required string Database { get; init; }

    public TimeSpan MaxStaleness { get; init; } = TimeSpan.FromSeconds(1);

    public int Seed { get; init; }

    public Plant Plant { get; init; }

    public string[] ToArguments() =>
    [
        "node",
        "--redis", Redis,
        "--database", Database,
        "--max-staleness", MaxStaleness.TotalMilliseconds.ToString(CultureInfo.InvariantCulture),
        "--seed", Seed.ToString(CultureInfo.InvariantCulture),
        "--plant", Plant.ToString(),
    ];

    /// <exception cref="FormatException">An argument cannot be read.</exception>
    public static NodeOptions Parse(ReadOnlySpan<string> arguments)
    {
        var options = new NodeOptions { Redis = "", Database = "" };
        for (var i = 0; i + 1 < arguments.Length; i += 2)
        {
            var value = arguments[i + 1];
            options = arguments[i] switch
            {
                "--redis" => options with { Redis = value },
                "--database" => options with { Database = value },
                "--max-staleness" => options with { MaxStaleness = TimeSpan.FromMilliseconds(int.Parse(value, CultureInfo.InvariantCulture)) },
                "--seed" => options with { Seed = int.Parse(value, CultureInfo.InvariantCulture) },
                "--plant" => options with { Plant = Enum.Parse<Plant>(value) },
                var unknown => throw new FormatException($"'{unknown}' is not an option of a node."),
            };
        }

        return options;
    }
}

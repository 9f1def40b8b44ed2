using System.Globalization;

namespace Freshet.Simulation;

/// <summary>A run's configuration; with the seed it determines everything that happens.</summary>
internal sealed record Setup(ulong Seed, int Nodes, Profile Profile, bool IsEmbedded = false)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"--seed {Seed} --nodes {Nodes} --profile {Profile.Name}{(IsEmbedded ? " --embedded" : "")}");
}

using Freshet.Storage;

namespace Freshet.Diagnostics;

/// <summary>What a node does in the shared store, as the label of a metric.</summary>
internal static class StoreSteps
{
    public const string Read = "read";
    public const string Lease = "lease";
    public const string Wait = "wait";
    public const string Write = "write";

    private static readonly string[] Texts = [.. Enum.GetNames<StoreOutcome>().Select(CacheReasonText.Kebab)];

    public static string Text(this StoreOutcome outcome) => Texts[(int)outcome];
}

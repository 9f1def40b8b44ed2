namespace Freshet.Client;

/// <summary>Something was touched: a message said so, or the answer to a write.</summary>
/// <param name="Groups">What; null: everything.</param>
/// <param name="Position">Everything up to here has been told; nowhere when nobody can say.</param>
internal readonly record struct Touch(IReadOnlyList<string>? Groups, ClientPosition Position)
{
    /// <summary>Nobody knows what was touched, or when.</summary>
    public static Touch Anything { get; } = new(null, ClientPosition.Nowhere);

    /// <summary>Whether it comes after the answer's place (E8): up to there the answer is right whatever was touched (C4).</summary>
    public bool IsAfter(ClientPosition place) => !place.Covers(Position);
}

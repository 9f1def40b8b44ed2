namespace Traffic.Scripts;

/// <summary>What an answer shows, so that the checker knows how to read it.</summary>
internal enum Shows
{
    /// <summary>Nothing the platform's writes can change.</summary>
    Reference,

    /// <summary>One row: its id and version.</summary>
    Row,

    /// <summary>A list whose items are rows with id and version.</summary>
    List,

    /// <summary>The signed-in user: tenant, role and the version of the user's row.</summary>
    Context,

    /// <summary>The tenant's aggregate, whose version grows with each change of anything it shows.</summary>
    Dashboard,
}

/// <summary>The types of row the platform has.</summary>
internal enum RowType
{
    None,
    User,
    Engagement,
    Import,
    Mapping,
    Asset,
}

/// <summary>One request a client makes.</summary>
/// <param name="Route">Method and template, as <c>/dev/origin</c> counts it: the measures are kept by it.</param>
/// <param name="Path">Path and query to send.</param>
/// <param name="Shows">How the answer is read.</param>
/// <param name="Type">The type of the row or rows it shows.</param>
/// <param name="Body">What is sent along; null for a GET.</param>
internal sealed record Call(string Route, string Path, Shows Shows, RowType Type = RowType.None, Payload? Body = null)
{
    public string Method => Route[..Route.IndexOf(' ', StringComparison.Ordinal)];

    public bool IsWrite => Body is not null;

    /// <summary>Whether the list is every row of its type, so that an acknowledged one must be in it.</summary>
    public bool ShowsAll { get; init; }
}

internal sealed record Payload(string MediaType, string Text);

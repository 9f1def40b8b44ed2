namespace Traffic.Scripts;

internal enum StepKind
{
    SignIn,
    Page,
    Focus,
    Poll,
    Write,
}

/// <summary>What one user does at one moment.</summary>
/// <param name="At">When, in the user's time, counted from the start of the script.</param>
/// <param name="Kind">Why.</param>
/// <param name="Page">The page it happens on.</param>
/// <param name="Write">Sent and awaited before the calls; null when the step only reads.</param>
/// <param name="Calls">Sent together, as a browser opens a page.</param>
internal sealed record Step(TimeSpan At, StepKind Kind, string Page, Call? Write, IReadOnlyList<Call> Calls);

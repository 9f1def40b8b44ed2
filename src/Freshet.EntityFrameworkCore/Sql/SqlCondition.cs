namespace Freshet.EntityFrameworkCore.Sql;

/// <summary>
/// What must be true when a condition is: less than the condition says, never more. So it may be used for rows that passed the
/// condition, and it says nothing about those that did not.
/// </summary>
internal abstract record SqlCondition
{
    private SqlCondition()
    {
    }

    /// <summary>Nothing is known of it.</summary>
    public static SqlCondition Unknown { get; } = new Anything();

    /// <summary>Whether the values of an execution may rule a part of it out.</summary>
    public virtual bool HasGuard => false;

    internal sealed record Anything : SqlCondition;

    internal sealed record Pins(Equality Equality) : SqlCondition;

    /// <summary>A guard is true; or it is not, which is false or null.</summary>
    internal sealed record Guarded(SqlGuard Guard, bool IsNot = false) : SqlCondition
    {
        /// <summary>The guard's number in the command; none when it stays unclear.</summary>
        public int? Number { get; init; }

        public override bool HasGuard => true;
    }

    internal sealed record All(IReadOnlyList<SqlCondition> Of) : SqlCondition
    {
        public override bool HasGuard { get; } = Of.Any(c => c.HasGuard);
    }

    internal sealed record Any(IReadOnlyList<SqlCondition> Of) : SqlCondition
    {
        public override bool HasGuard { get; } = Of.Any(c => c.HasGuard);
    }

    /// <summary>Whether it can be true at all.</summary>
    public bool CanHold(GuardOutcomes outcomes) => this switch
    {
        Guarded { Number: { } number, IsNot: false } => outcomes[number] is not GuardOutcome.Fails,
        Guarded { Number: { } number, IsNot: true } => outcomes[number] is not GuardOutcome.Holds,
        All all => all.Of.All(c => c.CanHold(outcomes)),
        Any any => any.Of.Any(c => c.CanHold(outcomes)),
        _ => true,
    };
}

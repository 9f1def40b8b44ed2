using Microsoft.EntityFrameworkCore;

namespace Freshet.EntityFrameworkCore.Registration;

/// <summary>What is wrong with the contexts of an application, each with the way out.</summary>
internal sealed class ContextFaults
{
    private const string Unseen = "What a load reads through it would be stored without a dependency, and what it writes would make nothing old.";

    private readonly List<string> _faults = [];
    private readonly HashSet<Type> _contexts = [];
    private Exception? _cause;

    public void NotNamed(Type context) => Add(context,
        $"The container knows {context.Name}, of which Freshet was not told. {Unseen}"
        + $" Name it: AddEntityFramework<{context.Name}>(). Or say that no load reads it and that it writes nothing that a load reads: IgnoreEntityFramework<{context.Name}>().");

    public void NotSeen(ContextWay way, DbContext context) => Add(context.GetType(),
        $"The container makes {way} without Freshet's interceptors. {Unseen}"
        + $" Make it with the options of the container: register it by AddDbContext or AddDbContextFactory, and let its constructor take DbContextOptions<{context.GetType().Name}>."
        + " To options that you make yourself, add UseFreshet(services).");

    public void NotRelational(ContextWay way, DbContext context) => Add(context.GetType(),
        $"The container makes {way} on {context.Database.ProviderName}, which runs no SQL commands, so Freshet cannot see what it reads and writes. {Unseen}"
        + " Use a relational database; in tests SQLite in memory, or switch the cache off: Freshet:Enabled=false."
        + $" Or say that no load reads it: IgnoreEntityFramework<{context.GetType().Name}>() in the place of AddEntityFramework.");

    public void CannotMake(ContextWay way, Exception failure)
    {
        _cause ??= failure;
        Add(way.Context,
            $"The container cannot make {way} at start, so its model is not known: {failure.GetType().Name}: {failure.Message}"
            + $" If its constructor or its options need a request, give Freshet one for the model alone, which is never used: AddEntityFramework<{way.Context.Name}>(modelFrom: services => new {way.Context.Name}(…)).");
    }

    public void NotRegistered(Type context) => Add(context,
        $"AddEntityFramework<{context.Name}>() needs AddDbContext<{context.Name}>() or AddDbContextFactory<{context.Name}>()."
        + $" If the container does not make it, add UseFreshet(services) to its options, and give Freshet one for the model alone: AddEntityFramework<{context.Name}>(modelFrom: services => new {context.Name}(…)).");

    /// <exception cref="InvalidOperationException">There is a fault.</exception>
    public void Throw()
    {
        if (_faults.Count > 0)
            throw new InvalidOperationException(string.Join(Environment.NewLine, _faults), _cause);
    }

    // One fault of a context is enough: the next one often follows from it.
    private void Add(Type context, string fault)
    {
        if (_contexts.Add(context))
            _faults.Add(fault);
    }
}

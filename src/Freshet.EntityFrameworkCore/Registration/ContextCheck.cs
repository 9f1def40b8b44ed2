using Freshet.EntityFrameworkCore.Interception;
using Freshet.EntityFrameworkCore.Schema;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Freshet.EntityFrameworkCore.Registration;

/// <summary>
/// Looks at start at every context that the container makes: one that the cache does not see would give old answers for a whole
/// lifetime, and say nothing. From those that it sees the entity model is taken.
/// </summary>
internal sealed partial class ContextCheck(
    IServiceProvider services, ContextChoices choices, SharedTables shared, IOptions<FreshetOptions> options, ILogger<ContextCheck> log)
{
    private readonly ContextFaults _faults = new();
    private readonly HashSet<IModel> _models = new(ReferenceEqualityComparer.Instance);
    private readonly HashSet<Type> _known = [];
    private readonly List<(ContextWay Way, Exception Cause)> _failures = [];

    /// <exception cref="InvalidOperationException">The cache does not see a context; the message names each, and the way out.</exception>
    public void Contribute(EntityModelBuilder entities)
    {
        services.GetRequiredService<UnseenContexts>().Watch();
        // It listens from its making on.
        _ = services.GetRequiredService<UnseenCommands>();
        var scope = services.CreateAsyncScope();
        try
        {
            foreach (var way in ContextWay.Find(choices))
                Look(way, scope.ServiceProvider, entities);
            foreach (var named in choices.Named)
                RequireModel(named, scope.ServiceProvider, entities);
        }
        finally
        {
            // Some of what a context needs may be disposed asynchronously only.
            scope.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }

        _faults.Throw();
    }

    private void Look(ContextWay way, IServiceProvider scope, EntityModelBuilder entities)
    {
        var choice = choices.Of(way.Context);
        if (choice is ContextChoice.Ignored)
            return;
        if (choice is ContextChoice.None && !choices.Named.Any(way.Context.IsAssignableFrom))
        {
            Require(() => _faults.NotNamed(way.Context));
            return;
        }

        var made = new List<(DbContext Context, bool IsOurs)>();
        try
        {
            try
            {
                foreach (var one in way.Make(scope))
                {
                    made.Add(one);
                    _ = one.Context.Model;
                }
            }
            catch (Exception failure) when (failure is not OutOfMemoryException)
            {
                _failures.Add((way, failure));
                return;
            }

            foreach (var (context, _) in made)
                Look(context, way, entities);
        }
        finally
        {
            foreach (var (context, _) in made.Where(m => m.IsOurs))
                context.Dispose();
        }
    }

    private void Look(DbContext context, ContextWay way, EntityModelBuilder entities)
    {
        switch (choices.Of(context.GetType()))
        {
            case ContextChoice.Ignored:
                return;
            case ContextChoice.None:
                Require(() => _faults.NotNamed(context.GetType()));
                return;
        }

        if (!context.Database.IsRelational())
            Require(() => _faults.NotRelational(way, context));
        else if (!Interceptors.AreOn(context, services))
            Require(() => _faults.NotSeen(way, context));
        else
            InterceptorOrder.Require(context);
        Take(context, entities);
    }

    private void RequireModel(Type named, IServiceProvider scope, EntityModelBuilder entities)
    {
        var failures = _failures.Where(f => named.IsAssignableFrom(f.Way.Context));
        if (choices.ModelOf(named) is { } make)
        {
            using var context = make(scope);
            Take(context, entities);
        }
        else if (_known.Any(named.IsAssignableFrom))
        {
            foreach (var (way, cause) in failures)
                LogNotMade(log, way.ToString(), cause);
        }
        else if (failures.FirstOrDefault() is { Way: { } way, Cause: { } cause })
            _faults.CannotMake(way, cause);
        else
            _faults.NotRegistered(named);
    }

    private void Take(DbContext context, EntityModelBuilder entities)
    {
        _known.Add(context.GetType());
        var model = context.GetService<IDesignTimeModel>().Model;
        if (!_models.Add(model))
            return;
        ModelDefaults.Contribute(entities, model);
        if (context.Database.IsRelational())
            shared.Add(MappedModel.Of(context));
    }

    // A cache that is switched off gives no old answers.
    private void Require(Action fault)
    {
        if (options.Value.Enabled)
            fault();
    }

    [LoggerMessage(40, LogLevel.Warning, "The container cannot make {Way} at start, so whether Freshet sees what it reads and writes was not looked at.")]
    private static partial void LogNotMade(ILogger logger, string way, Exception cause);
}

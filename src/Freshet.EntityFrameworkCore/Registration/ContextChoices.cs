using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Freshet.EntityFrameworkCore.Registration;

/// <summary>What the application said of a type of context.</summary>
internal enum ContextChoice
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The cache sees what it reads and writes.</summary>
    Named,

    /// <summary>No load reads it, and it writes nothing that a load reads.</summary>
    Ignored,
}

/// <summary>What the application said of its contexts. Changes only while services are registered.</summary>
internal sealed class ContextChoices(IServiceCollection services)
{
    private readonly Dictionary<Type, ContextChoice> _choices = [];
    private readonly Dictionary<Type, Func<IServiceProvider, DbContext>> _models = [];

    /// <summary>All that is registered.</summary>
    public IServiceCollection Services { get; } = services;

    public IEnumerable<Type> Named => _choices.Where(c => c.Value is ContextChoice.Named).Select(c => c.Key);

    /// <summary>The choices of the application whose services these are.</summary>
    public static ContextChoices Of(IServiceCollection services)
    {
        if (services.FirstOrDefault(d => !d.IsKeyedService && d.ServiceType == typeof(ContextChoices))?.ImplementationInstance is ContextChoices known)
            return known;
        var choices = new ContextChoices(services);
        services.AddSingleton(choices);
        return choices;
    }

    /// <exception cref="InvalidOperationException">The application has said the opposite.</exception>
    public void Choose(Type context, ContextChoice choice)
    {
        if (_choices.GetValueOrDefault(context, choice) != choice)
            throw new InvalidOperationException($"{context.Name} is named by AddEntityFramework and by IgnoreEntityFramework. Leave one of them out.");
        _choices[context] = choice;
    }

    /// <summary>A context for the model alone, where the container cannot make one at start.</summary>
    public void MakeModel(Type context, Func<IServiceProvider, DbContext> make) => _models[context] = make;

    public Func<IServiceProvider, DbContext>? ModelOf(Type context) => _models.GetValueOrDefault(context);

    /// <summary>What was said of the type, or of its nearest base class.</summary>
    public ContextChoice Of(Type context)
    {
        for (var type = context; type is not null; type = type.BaseType)
        {
            if (_choices.TryGetValue(type, out var choice))
                return choice;
        }

        return ContextChoice.None;
    }
}

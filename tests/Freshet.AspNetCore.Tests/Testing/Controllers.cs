using System.Reflection;
using Microsoft.AspNetCore.Mvc.ApplicationParts;
using Microsoft.AspNetCore.Mvc.Controllers;
using Microsoft.Extensions.DependencyInjection;

namespace Freshet.AspNetCore.Tests.Testing;

internal static class Controllers
{
    /// <summary>Restricts MVC to the controllers of one test.</summary>
    public static IMvcBuilder OnlyControllers(this IMvcBuilder mvc, params Type[] types) => mvc
        .AddApplicationPart(typeof(Controllers).Assembly)
        .ConfigureApplicationPartManager(manager =>
        {
            manager.FeatureProviders.Clear();
            manager.FeatureProviders.Add(new Only(types));
        });

    private sealed class Only(Type[] types) : IApplicationFeatureProvider<ControllerFeature>
    {
        public void PopulateFeature(IEnumerable<ApplicationPart> parts, ControllerFeature feature)
        {
            foreach (var type in types)
                feature.Controllers.Add(type.GetTypeInfo());
        }
    }
}

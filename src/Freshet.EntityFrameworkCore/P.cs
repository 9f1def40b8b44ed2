namespace Freshet; internal static class Placeholder;

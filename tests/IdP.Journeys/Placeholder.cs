namespace IdP; internal static class Placeholder;

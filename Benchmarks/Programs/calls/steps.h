unsigned add(unsigned a, unsigned b);
unsigned mix(unsigned a, unsigned b);
unsigned forward(unsigned a, unsigned b);
